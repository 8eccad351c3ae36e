package kobel.conformance.types;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** User classes that Flink treats as POJOs. */
public final class Pojos {
    private Pojos() {}

    /** Fields of many basic types, primitive and boxed; null where Java allows. */
    public static class Basics {
        public boolean flag;
        public byte small;
        public short medium;
        public int number;
        public long big;
        public float ratio;
        public double exact;
        public char letter;
        public Boolean boxedFlag;
        public Integer boxedNumber;
        public Long boxedBig;
        public Double boxedExact;
        public Character boxedLetter;
        public String text;
        public BigDecimal amount;
        public Weekday day;
        public int[] numbers;
        public String[] words;
    }

    /** Private fields with accessors; fields whose order of declaration is not that of their names. */
    public static class Person {
        private String surname;
        private Integer age;
        private Address home;
        private transient String cache = "not stored";

        public Person() {}

        public Person(String surname, Integer age, Address home) {
            this.surname = surname;
            this.age = age;
            this.home = home;
        }

        public String getSurname() {
            return surname;
        }

        public void setSurname(String surname) {
            this.surname = surname;
        }

        public Integer getAge() {
            return age;
        }

        public void setAge(Integer age) {
            this.age = age;
        }

        public Address getHome() {
            return home;
        }

        public void setHome(Address home) {
            this.home = home;
        }
    }

    /** A POJO that is part of others. */
    public static class Address {
        public String street;
        public int number;

        public Address() {}

        public Address(String street, int number) {
            this.street = street;
            this.number = number;
        }
    }

    /** Collections of POJOs. */
    public static class Household {
        public List<Address> homes;
        public Map<String, Person> members;
        public Person head;
    }

    /** The declared type of states that hold subclasses. */
    public static class Shape {
        public int id;
        public String name;

        public Shape() {}

        public Shape(int id, String name) {
            this.id = id;
            this.name = name;
        }
    }

    /** Inherits two fields; registered with Flink. */
    public static class Circle extends Shape {
        public double radius;

        public Circle() {}

        public Circle(int id, String name, double radius) {
            super(id, name);
            this.radius = radius;
        }
    }

    /** A subclass of a registered subclass, registered too. */
    public static class Ring extends Circle {
        public Double inner;

        public Ring() {}

        public Ring(int id, String name, double radius, Double inner) {
            super(id, name, radius);
            this.inner = inner;
        }
    }

    /** A subclass Flink is not told of. */
    public static class Square extends Shape {
        public long side;

        public Square() {}

        public Square(int id, String name, long side) {
            super(id, name);
            this.side = side;
        }
    }

    /** A key with an explicit hash code and an enum inside. */
    public static class Seat {
        public String row;
        public int number;
        public Weekday day;

        public Seat() {}

        public Seat(String row, int number, Weekday day) {
            this.row = row;
            this.number = number;
            this.day = day;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Seat && Objects.equals(row, ((Seat) other).row)
                    && number == ((Seat) other).number && day == ((Seat) other).day;
        }

        @Override
        public int hashCode() {
            return 31 * (31 * Objects.hashCode(row) + number) + (day == null ? 0 : day.name().hashCode());
        }
    }
}
